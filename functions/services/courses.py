"""The course of a subscriber, or a stand-in while its folder is missing or cannot be read."""

from dataclasses import replace

from aws import clients
from aws.log import count, logger
from content.emails import Site
from content.lessons import Course
from course.subscriber import Subscriber


def site_of(subscriber: Subscriber) -> Site:
    """The site for an email to this subscriber: its library always has their course, or a stand-in.

    A stand-in has the subscriber's plan but no texts of lessons, and the language that is stored with the consent.
    """
    site = clients.site()
    if subscriber.course in site.library.courses:
        return site
    logger.error("a course is missing", course=subscriber.course)
    count("Broken")
    agreed = clients.consents().of_last_confirmed(subscriber.id) or clients.consents().of_last_sign_up(subscriber.id)
    language = agreed.language if agreed else ""
    return replace(site, library=site.library.with_stand_in(subscriber.course, subscriber.plan, language))


def with_course(subscriber: Subscriber) -> tuple[Subscriber, Course]:
    """The subscriber with the present ids of the lessons, and their course or its stand-in."""
    course = course_of(subscriber)
    return subscriber.with_new_lesson_ids(course.renamed), course


def course_of(subscriber: Subscriber) -> Course:
    """The subscriber's course, or its stand-in."""
    return site_of(subscriber).library.courses[subscriber.course]
